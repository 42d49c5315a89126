"""One page of HTML with the pictures of runs and studies, each with its table; it knows plan.json and study files."""
