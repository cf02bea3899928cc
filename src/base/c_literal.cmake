# c_literal(OUT FILE): sets OUT to the text of FILE as a C++ string literal. A literal may have 64 KiB; shorter ones, one
# behind the other, are one literal.
function(c_literal out file)
  file(READ ${file} text)
  string(LENGTH "${text}" length)
  set(literal "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 15000 piece)
    string(APPEND literal "R\"tykpp(${piece})tykpp\" ")
    math(EXPR at "${at} + 15000")
  endwhile()
  set(${out} "${literal}" PARENT_SCOPE)
endfunction()
