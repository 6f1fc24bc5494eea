extension Double {
    /// The number as Python's `repr` and json write it: the shortest digits that read back as the same double, `1.0`, `0.0001`, `1e-05`, `1e+16`.
    ///
    /// The number must be finite.
    var pythonRepresentation: String {
        // Swift's description has the same digits, but its own idea of when to use an exponent.
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0

        // From here on the number is 0.DIGITS times 10 to the power of `point`.
        let allDigits = mantissa[0] + fraction
        let leadingZeros = allDigits.prefix { $0 == "0" }.count
        var digits = allDigits.dropFirst(leadingZeros)
        while digits.last == "0" { digits.removeLast() }
        let point = mantissa[0].count + exponent - leadingZeros

        let sign = self.sign == .minus ? "-" : ""
        if digits.isEmpty { return sign + "0.0" }
        if point < -3 || point > 16 {
            let power = (point - 1).magnitude
            let rest = digits.count > 1 ? "." + digits.dropFirst() : ""
            return sign + digits.prefix(1) + rest + "e" + (point < 1 ? "-" : "+") + (power < 10 ? "0" : "") + String(power)
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
}
