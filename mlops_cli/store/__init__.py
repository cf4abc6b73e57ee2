"""Content: digests, objects, trees, results, placement in the workspace, the cache of digests by file identity."""
