/// Which numbers a JSON text may contain. Everything else is the same under both: RFC 8259 to the letter, in strict UTF-8.
public enum JSONStrictness: Sendable, Hashable {
    /// Any number that JSON has. For JSON that is not an event, and for events of room versions 1 to 5.
    case lenient

    /// Integers from -(2^53 - 1) to 2^53 - 1 only. A number with a fraction or an exponent is refused even where its value is an integer
    /// (`1.0`, `1e3`), as other servers do. For events from room version 6 on.
    ///
    /// Specification: appendices, "Canonical JSON"; room version 6, "Canonical JSON".
    case canonical
}

/// The largest integer of canonical JSON, 2^53 - 1; the smallest is its negative.
let canonicalIntegerMax: Int64 = (1 << 53) - 1
