"""Running a project elsewhere than where the user works: isolated worktrees, and sweeps over parameters."""
