"""What a learner reads: a report as data, as text for a terminal, as HTML for JupyterLab."""

from autograder.report.model import CheckReport, Outcome, RequirementReport

__all__ = ["CheckReport", "Outcome", "RequirementReport"]
