"""The judge: runs one check, the learner's code apart, a deadline, probes, a verdict.

The line that is never crossed: the process that decides a point never runs learner code and never unpickles
what learner code wrote.

    notebook kernel --payload--> judge --payload--> learner process (fresh for every requirement)
      autograder.client            |                   judge.learner_process
                                   +-- probes over sockets on loopback

=================  ==========================================================================================
``exercise``       what a check file declares: ``@exercise``, ``@requirement``
``catalogue``      finds the check file of an exercise by name
``payload``        packs the learner's object in the kernel; nobody but the learner process opens it
``plain``          plain data <-> msgpack, the only thing that comes back
``channel``        length-prefixed messages between kernel and judge
``recipes``        arguments that are made inside the learner's process (sockets)
``learner_process``  the code that runs in the learner's process
``learner``        the judge's end of it: start, call, take its stack, end it
``limits``         memory, files, processes, output; ending a whole process tree
``plugin``         the pytest plugin: fixtures, and the words for what went wrong
``server``         the judge process itself
=================  ==========================================================================================
"""
