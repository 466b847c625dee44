"""One run over the lake: what there is to do, doing it, and what it came to.

plan       PURE: listing, rules and state to steps      run        carries a plan out, feed by feed
decisions  approve, decline, retry                      recover    what an earlier run left undone
deliveries one file from claim to its end               publish, guards, rules, words   its parts
"""
