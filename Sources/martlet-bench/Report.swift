import CanonicalJSON

/// What a run has measured, of one side or two, as JSON and for reading.
struct Report: Sendable {
    struct SideResult: Sendable {
        let name: String
        let baseURL: String
        /// The `Server` header of its answers.
        let server: String?
        let measurements: [Measurement]
    }

    let scenario: String
    let settings: [Setting]
    let sides: [SideResult]

    var hasFailures: Bool {
        sides.contains { $0.measurements.contains { !$0.failures.isEmpty } }
    }

    /// The ratio of the first side's figure to the second's; nil where there is one side, or nothing to divide.
    private func ratio(measurement: Int, figure: Int) -> Double? {
        guard sides.count == 2, measurement < sides[1].measurements.count, figure < sides[1].measurements[measurement].figures.count else {
            return nil
        }
        let first = sides[0].measurements[measurement].figures[figure]
        let second = sides[1].measurements[measurement].figures[figure]
        guard first.isCompared, first.key == second.key, let above = first.value, let below = second.value, below != 0 else { return nil }
        return above / below
    }
}

// MARK: - JSON

extension Report {
    /// One JSON object. Each measurement is an object of figures named with their units, and `failures`: reason -> number. `ratios` holds for
    /// each measurement the first side's figures divided by the second's.
    func json() -> [UInt8] {
        var report: JSONObject = ["scenario": .string(scenario)]
        report["settings"] = .object(JSONObject(members: settings.map { ($0.name, .string($0.value)) }))
        report["sides"] = .array(sides.map { .object(json(of: $0)) })
        if sides.count == 2 {
            var ratios = JSONObject()
            for (index, measurement) in sides[0].measurements.enumerated() {
                var object = JSONObject()
                for (figureIndex, figure) in measurement.figures.enumerated() {
                    object[figure.key] = ratio(measurement: index, figure: figureIndex).map { .double(Self.rounded($0)) }
                }
                ratios[measurement.name] = .object(object)
            }
            report["ratios"] = .object(ratios)
        }
        return report.encoded() + [UInt8(ascii: "\n")]
    }

    /// Six digits behind the point: nothing here is measured more exactly.
    private static func rounded(_ value: Double) -> Double {
        (value * 1e6).rounded() / 1e6
    }

    private func json(of side: SideResult) -> JSONObject {
        var object: JSONObject = ["name": .string(side.name), "url": .string(side.baseURL)]
        object["server"] = side.server.map { .string($0) }
        var measurements = JSONObject()
        for measurement in side.measurements {
            var figures = JSONObject()
            for figure in measurement.figures {
                figures[figure.key] = figure.value.map { figure.decimals == 0 ? .integer(Int64($0.rounded())) : .double(Self.rounded($0)) }
            }
            figures["failures"] = .object(JSONObject(members: measurement.failures.map { ($0.reason, .integer(Int64($1))) }))
            measurements[measurement.name] = .object(figures)
        }
        object["measurements"] = .object(measurements)
        return object
    }
}

extension JSONObject {
    fileprivate init(members: [(String, JSONValue)]) {
        self.init()
        for (name, value) in members {
            self[name] = value
        }
    }
}

// MARK: - Text

extension Report {
    /// A table for each measurement: a line for each figure, a column for each side, and one for the ratio where there are two.
    func text() -> String {
        var text = "\n" + scenario + ": " + settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ") + "\n"
        for (index, measurement) in (sides.first?.measurements ?? []).enumerated() {
            var table = Table(header: [measurement.name] + sides.map(\.name) + (sides.count == 2 ? ["first / second"] : []))
            for (figureIndex, figure) in measurement.figures.enumerated() {
                var row = [figure.label]
                for side in sides {
                    let figures = index < side.measurements.count ? side.measurements[index].figures : []
                    row.append(Self.text(figures.first { $0.key == figure.key }))
                }
                if sides.count == 2 {
                    row.append(Self.text(ratio: ratio(measurement: index, figure: figureIndex)))
                }
                table.rows.append(row)
            }
            text += "\n" + table.text()
            for side in sides where index < side.measurements.count {
                for (failure, count) in side.measurements[index].failures.sorted(by: { $0.value > $1.value }) {
                    text += "  FAILED on \(side.name): \(count) × \(failure)\n"
                }
            }
        }
        return text
    }

    private static func text(_ figure: Figure?) -> String {
        guard let figure, let value = figure.value else { return "-" }
        return decimal(value, decimals: figure.decimals) + (figure.unit.isEmpty ? "" : " \(figure.unit)")
    }

    /// Two significant digits at least; of small ones the reciprocal too, since that is what people say.
    private static func text(ratio: Double?) -> String {
        guard let ratio else { return "" }
        if ratio > 0, ratio < 0.5 {
            return decimal(ratio, decimals: ratio < 0.1 ? 4 : 2) + " (1/" + decimal(1 / ratio, decimals: 1) + ")"
        }
        return decimal(ratio, decimals: ratio < 10 ? 2 : 1)
    }

    /// A number with a fixed count of digits behind the point.
    static func decimal(_ value: Double, decimals: Int) -> String {
        var scale = 1
        for _ in 0..<decimals {
            scale *= 10
        }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        return "\(sign)\(scaled / scale)." + String(scaled % scale + scale).dropFirst()
    }

    /// Columns as wide as their widest cell: the first one flush left, the others flush right.
    private struct Table {
        let header: [String]
        var rows: [[String]] = []

        func text() -> String {
            let lines = [header] + rows
            let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
            var text = ""
            for (number, line) in lines.enumerated() {
                let cells = line.indices.map { column in
                    let padding = String(repeating: " ", count: widths[column] - line[column].count)
                    return column == 0 ? line[column] + padding : padding + line[column]
                }
                text += "  " + cells.joined(separator: "   ") + "\n"
                if number == 0 {
                    text += "  " + String(repeating: "-", count: widths.reduce(0, +) + 3 * (widths.count - 1)) + "\n"
                }
            }
            return text
        }
    }
}
