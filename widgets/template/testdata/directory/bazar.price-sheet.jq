# Price sheets: one row for each percentile, in rials, numbers or texts. The
# product makes the widgets, so only its valuation is filled in.

.data.sheet
| INDEX(.rows[]; .percentile) as $row
| {valuation: {
    title: "قیمت کارشناسی \(.vehicle.brand) \(.vehicle.model)",
    low: $row["10"].rial,
    fair: $row["50"].rial,
    high: $row["90"].rial,
    asking: (.listed.rial // empty),
    currency: "IRR",
    valued_at: (.computed | fromdate | todate),
    comparables: ([.rows[].samples] | add),
    facts: [.vehicle.options | to_entries[] | select(.value) | {title: "امکانات", value: .key}]
  }}
