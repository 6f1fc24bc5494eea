/// What the server has that isn't in the specification yet: only what is whole, since clients rely on it ("API Versions", `unstable_features`).
enum UnstableFeatures {
    static let served = [
        "org.matrix.msc3874": true,
        "org.matrix.msc4140": true,
        "org.matrix.msc4155": true,
        "org.matrix.msc4380.stable": true,
    ]
}
