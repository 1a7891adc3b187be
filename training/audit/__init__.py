"""Is this data fit to train on? One check a function; each says what it found in a sentence."""

from training.audit.findings import Audit, Finding, Grade, Level, Verdict
from training.audit.subject import Subject
from training.audit.suite import audit

__all__ = ["Audit", "Finding", "Grade", "Level", "Subject", "Verdict", "audit"]
