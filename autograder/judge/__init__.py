"""The judge: runs one check, the learner's code apart, a deadline, probes, a verdict.

The line that is never crossed: the process that decides a point never runs learner code and never unpickles
what learner code wrote.

    notebook kernel --payload--> judge --payload--> learner process (fresh for every requirement)
      autograder.client            |                   judge.learner_process
                                   +-- probes over sockets on loopback

In the kernel:

===================  ========================================================================================
``client``           starts the judge and talks to it
``payload``          packs the learner's object; nobody but the learner process opens it
``channel``          length-prefixed messages between kernel and judge
``plain``            plain data <-> msgpack: the only thing that crosses between processes
===================  ========================================================================================

In the judge:

===================  ========================================================================================
``server``           the judge process itself
``catalogue``        finds the check file of an exercise by name
``exercise``         what a check file declares: ``@exercise``, ``@requirement``
``session``          one pytest session, in which all check files run
``plugin``           the pytest plugin: fixtures, and a report for every requirement
``learner``          the `learner` fixture: call the learner's code, start it, keep what it made
``process``          one learner process: start it, ask it, watch it, end it
``starting``         what starts it: a zygote that is forked; on Windows, spawn
``limits``           memory, files, processes, output; ending a whole process tree
``failures``         what can go wrong with learner code, as exceptions
``words``            and in words
``passing``          messages with open files, between judge and zygote
===================  ========================================================================================

In the learner's process, and in the one that it is forked from:

===================  ========================================================================================
``zygote``           in a sandbox or not, forks such processes and ends all; never runs learner code itself
``learner_process``  opens the payload, makes the calls, answers in plain data
``recipes``          arguments that are made there (sockets)
``shape``            kind and parameters of what was handed in
``kernel_process``   is the kernel itself, when a class is graded
``handover``         runs in that kernel: packs the function that is to be judged
``places``           where learner code is: cell, line, call
===================  ========================================================================================
"""
