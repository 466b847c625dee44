-- The end of the chain of events when a run ended: an event log that was written anew since does not hold it.

ALTER TABLE etl_runtime ADD COLUMN tip TEXT NOT NULL DEFAULT '';
