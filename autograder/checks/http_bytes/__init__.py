"""Requirements of assignment 11: HTTP from bytes."""

ASSIGNMENT = "11-http"
