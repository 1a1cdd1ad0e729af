"""Requirements of assignment 12: a REST client that survives the network, and a service that keeps HTTP's promises."""

ASSIGNMENT = "12-rest"

PRELOAD = ("fastapi", "httpx", "uvicorn", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on")
