"""Where requests come from: arrivals, lengths, traces and prefixes."""
