"""The requirements: one folder an assignment, one pytest file an exercise."""
