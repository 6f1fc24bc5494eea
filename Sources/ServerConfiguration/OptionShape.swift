/// What may stand at a place of the configuration, derived from the type of the property that it is decoded into.
package indirect enum OptionShape: Sendable {
    /// A single value; `expectation` says which, as in "expected true or false".
    case value(expectation: String)
    case list(of: OptionShape)
    /// A mapping with these keys and no others.
    case section([Member])

    package struct Member: Sendable {
        package let name: String
        package let shape: OptionShape
    }

    init(of type: any Decodable.Type) {
        self =
            switch type {
            case let section as any ConfigurationSection.Type: Self.shape(of: section)
            case let list as any ListType.Type: .list(of: OptionShape(of: list.element))
            case let optional as any OptionalType.Type: OptionShape(of: optional.wrapped)
            case let described as any DescribedValue.Type: .value(expectation: described.expectation)
            case is Bool.Type: .value(expectation: "true or false")
            case is Int.Type: .value(expectation: "a whole number")
            default: .value(expectation: "a string")
            }
    }

    private static func shape<Section: ConfigurationSection>(of section: Section.Type) -> OptionShape {
        .section(section.options.map { Member(name: $0.name, shape: $0.shape) })
    }

    /// "expected ..." in an error message.
    var expectation: String {
        switch self {
        case .value(let expectation): expectation
        case .list: "a list"
        case .section: "a mapping"
        }
    }

    /// The shape of what stands at `path` below this shape; nil if the path leads to nothing known.
    func shape(at path: ConfigurationPath) -> OptionShape? {
        var shape = self
        for component in path.components {
            switch (shape, component) {
            case (.section(let members), .key(let name)):
                guard let member = members.first(where: { $0.name == name }) else { return nil }
                shape = member.shape
            case (.list(let element), .index):
                shape = element
            default:
                return nil
            }
        }
        return shape
    }

    /// Every place that an environment variable can name: sections and options, but nothing inside a list.
    var pathsOutsideLists: [ConfigurationPath] {
        guard case .section(let members) = self else { return [] }
        return members.flatMap { member in
            [ConfigurationPath([.key(member.name)])] + member.shape.pathsOutsideLists.map { $0.appended(to: .key(member.name)) }
        }
    }

    /// The names of all options that hold a value, as the documentation writes them: `registration.token`, `listeners[].port`.
    package var optionNames: [String] {
        switch self {
        case .value: []
        case .list(let element): element.optionNames.map { "[]" + $0 }
        case .section(let members):
            members.flatMap { member in
                let names = member.shape.optionNames
                return names.isEmpty ? [".\(member.name)"] : names.map { ".\(member.name)\($0)" }
            }
        }
    }
}

/// A value that says itself what it expects in the configuration, as in "expected a size such as 64MiB".
package protocol DescribedValue: Decodable {
    static var expectation: String { get }
}

private protocol ListType {
    static var element: any Decodable.Type { get }
}

extension Array: ListType where Element: Decodable {
    static var element: any Decodable.Type { Element.self }
}

private protocol OptionalType {
    static var wrapped: any Decodable.Type { get }
}

extension Optional: OptionalType where Wrapped: Decodable {
    static var wrapped: any Decodable.Type { Wrapped.self }
}
