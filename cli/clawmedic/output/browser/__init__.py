"""`backups browse`: the archive on a full screen. Only this room imports textual, and only when it is started."""
