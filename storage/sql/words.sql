-- index_words --
SELECT index_words()
