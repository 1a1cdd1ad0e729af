"""Learn network programming with internet sockets: the autograder."""
