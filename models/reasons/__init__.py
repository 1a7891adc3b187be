"""Explanations in words: sentences that an analyst can read, from one table a language.

texts/en.toml   every sentence, by feature and case
wording.py      reads a table; writes numbers, money and time
facts.py        a payment, its features, its customer's normal behaviour
cases/          which sentence is true of a payment, and what fills it
sentences.py    a feature as a sentence
reading.py      whether a sentence alarms or reassures whoever reads it
groups.py       aspects an analyst sorts features by
account.py      what spoke for a flag and against it, and what looks strange
"""
