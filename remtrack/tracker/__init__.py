"""
The use cases: what a command does, between the store and the rules.

Nothing here prints, parses a word of the command line or knows a screen. A use case opens no
file by itself: it is given an open record and values, and returns values.

    derive     facts -> answers, and which earlier answers moved
    entry      one person's typing: add, edit, patients, lines, lesions, events, undo
    importing  tables of other programs
    looking    status, timeline, remission, lesions, log
    why        explain
    checking   check, recompute
    exporting  tables for other programs
    demo       a throw-away record of invented patients
"""
