import CanonicalJSON

/// Which fields of events somebody wants (`event_fields` in "Filtering").
struct EventFields: Sendable {
    /// The names on the way to each field.
    private let paths: [[String]]

    /// The fields of a filter's list; nil where all of them are wanted.
    init?(_ fields: [String]) {
        if fields.isEmpty { return nil }
        paths = fields.map(Self.names)
    }

    /// The names in a path, where a dot that belongs to a name has a backslash before it ("Dot-separated property paths").
    private static func names(in path: String) -> [String] {
        var names = [""]
        var isEscaped = false
        for character in path {
            switch character {
            case _ where isEscaped:
                // Before anything but a dot or a backslash, a backslash is itself.
                names[names.count - 1] += character == "." || character == "\\" ? "\(character)" : "\\\(character)"
                isEscaped = false
            case "\\": isEscaped = true
            case ".": names.append("")
            default: names[names.count - 1].append(character)
            }
        }
        if isEscaped { names[names.count - 1] += "\\" }
        return names
    }

    /// The event with nothing but the wanted fields.
    func select(from event: JSONObject) -> JSONObject {
        paths.reduce(into: [:]) { Self.copy($1[...], from: event, to: &$0) }
    }

    private static func copy(_ path: ArraySlice<String>, from source: JSONObject, to target: inout JSONObject) {
        guard let name = path.first, let value = source[name] else { return }
        if path.count == 1 {
            target[name] = value
        } else if let inner = value.objectValue {
            var selected = target[name]?.objectValue ?? [:]
            copy(path.dropFirst(), from: inner, to: &selected)
            if !selected.isEmpty { target[name] = .object(selected) }
        }
    }
}
