-- post_key_auth: tells the upstream what the key's session says. Written for the `tykpp` table: a
-- function without parameters returns nothing.
function PlanHeader()
  tykpp.req.set_header("X-Plan", tykpp.session.get_metadata("plan") or "none")
  tykpp.req.clear_header("Authorization")
end
