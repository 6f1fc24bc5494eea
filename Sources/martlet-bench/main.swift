import AsyncHTTPClient
print("martlet-bench")
