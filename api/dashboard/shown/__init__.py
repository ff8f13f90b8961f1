"""What pages show, as plain values: numbers and times, names, runs and the verdict on them, forms, health.

formats.py        numbers with their units, relative times
names.py          what sources are called
verdicts.py       what became of a run; progress, speed, time left
kept.py           what is dear to ask, asked in the background
runs.py           runs as lists show them
schedules.py      when sources run by themselves
source_forms.py   the form of a source, from the model of its type
system.py         whether all is well
words.py          the words of a query, to be marked
"""
