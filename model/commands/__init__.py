"""The commands of `lodestone`, one file each: parse, call, print. What is heavy is imported when it is called for."""
