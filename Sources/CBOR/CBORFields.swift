/// Where the members of one map lie in its bytes: found in one pass that validates them all.
package struct CBORFields: Sendable {
    private let values: [String: ArraySlice<UInt8>]

    /// Scans a map, and nothing after it. Keys that are no text are left out; of several members with the same key the last one counts.
    package init(scanning bytes: ArraySlice<UInt8>, depthMax: Int = CBORValue.depthMaxDefault) throws(CBORError) {
        var scanner = CBORScanner(bytes, depthMax: depthMax)
        let head = try scanner.readHead()
        var values: [String: ArraySlice<UInt8>] = [:]
        if head.type == .map {
            var key: String?
            var isKey = true
            try scanner.readItems(head, depth: 1) { scanner throws(CBORError) in
                let start = scanner.position
                try scanner.skipItem(depth: 2)
                let item = bytes[start..<scanner.position]
                if isKey {
                    key = try CBORFields.text(item)
                } else if let key {
                    values[key] = item
                }
                isKey.toggle()
            }
            try scanner.finish()
        } else {
            var whole = CBORScanner(bytes, depthMax: depthMax)
            try whole.skipItem(depth: 1)
            try whole.finish()
            throw .notAMap
        }
        self.values = values
    }

    /// The bytes of the member's value; nil if there is no such member.
    package subscript(name: String) -> ArraySlice<UInt8>? {
        values[name]
    }

    private static func text(_ item: ArraySlice<UInt8>) throws(CBORError) -> String? {
        if case .text(let text) = try CBORValue(parsing: item) { text } else { nil }
    }
}
