"""Gates as text, and one that a short shadow period can pass."""

PASSABLE = """\
name: short
version: "1"
goal: Find more with the same alerts.
owner: Head of fraud strategy
period_days: 28
threshold_days: 14
mature_labels: 1000
mature_frauds: 40
coverage: 0.99
confidence: 0.95
looks: 3
against_legacy:
  - figure: detection_rate
    at: legacy_alert_rate
    better_by: 0.02
  - figure: value_detection_rate
    at: legacy_alert_rate
    worse_by_at_most: 0.02
latency_p99_ms: 1000
"""
