/// A place in the configuration: `registration.token`, `listeners[0].port`.
package struct ConfigurationPath: Hashable, Sendable, CustomStringConvertible {
    package enum Component: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    package var components: [Component]

    package init(_ components: [Component]) {
        self.components = components
    }

    package var description: String {
        components.reduce(into: "") { text, component in
            switch component {
            case .key(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// The environment variable that sets this place: `MARTLET_REGISTRATION__TOKEN`. Only for places outside lists.
    package var environmentName: String {
        ConfigurationPath.environmentPrefix
            + components.map { component in
                switch component {
                case .key(let name): name.uppercased()
                case .index(let index): String(index)
                }
            }.joined(separator: "__")
    }

    /// What the names of all environment variables of the configuration begin with.
    package static let environmentPrefix = "MARTLET_"

    static func + (path: ConfigurationPath, component: Component) -> ConfigurationPath {
        ConfigurationPath(path.components + [component])
    }

    /// The path that leads through `component` first.
    func appended(to component: Component) -> ConfigurationPath {
        ConfigurationPath([component] + components)
    }

    /// What is left of this path below `ancestor`; nil if it does not lie there.
    func relative(to ancestor: ConfigurationPath) -> ConfigurationPath? {
        guard components.starts(with: ancestor.components) else { return nil }
        return ConfigurationPath(Array(components.dropFirst(ancestor.components.count)))
    }
}

extension ConfigurationPath: ExpressibleByStringLiteral {
    /// Keys joined by dots, and indices in brackets: `"listeners[0].port"`.
    package init(stringLiteral text: String) {
        components = text.split(separator: ".").flatMap { part -> [Component] in
            let pieces = part.split(separator: "[")
            return pieces.enumerated().map { position, piece -> Component in
                guard position > 0, let index = Int(piece.dropLast()) else { return .key(String(piece)) }
                return .index(index)
            }
        }
    }
}
