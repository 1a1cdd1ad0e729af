"""Requirements of assignment 08: UDP datagrams."""

ASSIGNMENT = "08-datagrams"
