def mark(text):
    return text + " marked"
