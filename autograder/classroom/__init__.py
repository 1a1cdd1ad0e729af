"""A whole class: learners' code in a sandbox, the judge's verdicts in nbgrader's gradebook, many submissions at once.

=================  ===============================================================================================
``sandbox``        bubblewrap's command lines: what learner code sees of this machine
``provisioner``    a `jupyter_client` kernel provisioner that starts the learner's kernel in that sandbox
``warm``           a sandbox that has everything imported, for one submission after the other
``submission``     one notebook that was handed in, as data; `preparing` makes it, with `restore` and `files`
``execution``      runs it in that kernel and lets the judge decide about its check cells
``relay``          between that kernel and `limited_client`; `handed_over` and `outputs` read what the kernel says
``active_content`` takes scripts out of the graded notebook
``station``        one place of work: a judge and a warm sandbox
``verdicts``       what was decided about one notebook, as data
``preprocessors``  the steps that nbgrader_config.py puts into `nbgrader autograde`
``gradebook``      one submission into the gradebook, in one transaction
``grade``          many submissions at once, each from its file to the gradebook
``memory``         keeps that from taking more memory the larger the class is
``workplace``      where they are run and judged: this machine
``cluster``        the same on the workers of a Dask cluster
``command``        ``python -m autograder grade``, with ``course`` (what it is asked for) and ``telling`` (what it says)
``class_report``   one page about a graded class
=================  ===============================================================================================
"""
