"""Every combination of some inputs."""
