"""PURE. From rows of the record to what a page shows; no module here touches a file, the network or the clock."""
