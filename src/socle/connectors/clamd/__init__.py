"""ClamAV: scans files through its ``clamd`` daemon, by TCP or by a unix socket."""
