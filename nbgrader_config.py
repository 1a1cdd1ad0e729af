"""How nbgrader runs this course: solutions/ -> exercises/ -> submitted/ -> autograded/ -> feedback/.

nbgrader reads this file when it starts in the root of the repository, and so does JupyterLab (Formgrader,
Assignment List, Validate) when it was started there, as `make lab` does.
"""

from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader provides it when it reads this file)

c.CourseDirectory.course_id = "learn-network-programming"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# The instructor's notebooks, and what learners get. The release is committed, so that a clone is enough to
# learn from; `make release` writes it and a test compares the two.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# What a learner finds in place of a solution. The check recognises this exception and says that the exercise
# is not written yet, instead of calling it a crash.
c.ClearSolutions.code_stub = {
    "python": '# Write your code here.\nraise NotImplementedError("not written yet")',
}
c.ClearSolutions.text_stub = "Write your answer here."

# Learners' code is run in a sandbox, and the judge outside of it decides about the check cells; see
# autograder/README.md. The other steps are nbgrader's own, in its order; CheckCellMetadata is left out, for after
# RestoreCells there is nothing that it could find, and it takes half of nbgrader's time.
c.Autograde.sanitize_preprocessors = [
    "autograder.classroom.restore.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
]
c.Autograde.autograde_preprocessors = [
    "autograder.classroom.preprocessors.JudgedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.classroom.preprocessors.SaveVerdicts",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# What reports are made of stays beside the graded notebook, and out of what is handed back.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.verdicts.json"]

# The longest time of one cell, and of all cells of a notebook together, in seconds; the judge's work apart.
c.JudgedExecute.timeout = 30
c.JudgedExecute.notebook_timeout = 240

# Validate runs the checks in the learner's own kernel: the longest that one check may take when every requirement of
# an exercise runs into its deadline, with room for a slow machine.
c.Execute.timeout = 120

# `nbgrader validate` cuts every line of a report at this width; the report's own lines have up to 100 characters.
c.Validator.width = 140

# Every learner's files of one assignment, in kilobytes: the exercises need a hundredth of this.
c.CourseDirectory.max_file_size = 10_000
c.CourseDirectory.max_dir_size = 50_000

# How files travel between instructor and learners is the business of a class, not of the course. On a shared
# machine, name a folder that everybody may write to:
#     c.Exchange.root = "/srv/nbgrader/exchange"
# Without an exchange, put what learners handed in into submitted/<learner>/<assignment>/ and autograde that.

# The gradebook is gradebook.db in this folder, unless a database is named:
#     c.CourseDirectory.db_url = "postgresql+psycopg://user@host/gradebook"
