"""Where the guard is made to run by itself: cron, systemd, launchd."""
