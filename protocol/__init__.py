"""What peers see: wire formats, names and codes. Usable by satellites and chatbots without the daemon."""
