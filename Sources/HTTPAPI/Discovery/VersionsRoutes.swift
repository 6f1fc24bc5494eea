import CanonicalJSON

/// Which versions of the specification the server speaks ("API Versions").
struct VersionsRoutes: RouteGroup {
    private let answer: Answer

    /// - Parameter unstableFeatures: support for what is not in the specification yet, by its proposal's name.
    init(unstableFeatures: [String: Bool] = [:]) {
        answer = Answer([
            "versions": .array(Self.versions.map { .string($0) }),
            "unstable_features": .object(
                unstableFeatures.reduce(into: [:]) { features, feature in features[feature.key] = .bool(feature.value) }),
        ])
    }

    private static let versions =
        ["r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0", "r0.6.1"] + (1...19).map { "v1.\($0)" }

    func add(to routes: inout RouteTable) {
        routes.get("/_matrix/client/versions", access: .open, lane: .immediate) { _ in answer }
    }
}
