"""Results for eyes and for programs: text, JSON, Markdown, graphs, progress. Decides nothing, touches no machine."""
