package com.example;

import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;

/** Prints the labels of the text that it is given. */
public final class Sample {

    public static void main(String[] text) throws Exception {
        Criteria<String, Classifications> criteria = Criteria.builder()
                .setTypes(String.class, Classifications.class)
                .optGroupId("org.linformer")
                .optArtifactId("spam-linformer")
                .build();
        try (ZooModel<String, Classifications> model = criteria.loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            for (Classifications.Classification label : predictor.predict(String.join(" ", text)).topK()) {
                System.out.printf("%s %.4f%n", label.getClassName(), label.getProbability());
            }
        }
    }
}
