"""Making what lies in the workspace agree with artifacts: compared first, nothing lost, built aside, renamed in."""
