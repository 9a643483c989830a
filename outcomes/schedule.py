"""What the clock starts."""

from celery.schedules import crontab

# Twice a second, so that what is logged is counted within two.
SCHEDULE = {
    "sweep": {"task": "outcomes.tasks.sweep", "schedule": 0.5, "options": {"expires": 2}},
    "sweep_evidence": {"task": "outcomes.tasks.sweep_evidence", "schedule": crontab(hour="3", minute="40")},
    "begin_day": {"task": "outcomes.tasks.begin_day", "schedule": crontab(), "options": {"expires": 60}},
}
