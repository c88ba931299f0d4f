"""What happens to a registered domain after it was added: letters that ask for control, reminders, its removal."""
