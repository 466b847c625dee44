"""A feed's rules: its contract file read, checked and made into records. All pure but config.

model     the records             keys         the words of a contract file     load   nodes -> Contract and problems
types     forms and limits        patterns     which file is whose              names  which header is whose column
config    the edge: reads files   expressions  rules across columns             maps   state -> bucket, sponsor -> group
"""
