"""Scheduling, child processes, built-in steps: carrying a plan out on this machine."""
