"""Figures for Prometheus, of the service and never of an organisation or a person. Off without METRICS_TOKEN.

Nothing here may import prometheus_client before `folder.prepare()` was called in a process that forks.
"""
